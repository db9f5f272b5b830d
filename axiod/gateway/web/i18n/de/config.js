// Reine Konfiguration. Die Beschreibungen der Einstellungen kommen aus dem Vertrag, wie sie sind.
export default {
  title: "Reine Konfiguration",
  warning:
    "Jede Einstellung des Geräts, mit den Namen seiner Schnittstellen. Das ist für die, die sie kennen: Was andere Seiten vorher fragen oder nebenbei tun, geschieht hier nicht.",
  setting: "Einstellung",
  value: "Wert",
  about: "Bedeutung",
  edit: "{name} bearbeiten",
  json: "Eine Liste in JSON.",
  "no-json": "Das ist kein JSON.",
};
