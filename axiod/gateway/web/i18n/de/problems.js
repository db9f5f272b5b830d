// Was die Seite selbst über Probleme sagt; was das Gerät darüber sagt, steht da, wie es kommt.
export default {
  unreachable: "Das Gerät antwortet nicht. Prüfen Sie das Netzwerk.",
  timeout: "Das Gerät hat nicht rechtzeitig geantwortet. Ob es ausgeführt wurde, ist nicht bekannt.",
};
