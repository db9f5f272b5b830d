export default {
  "log-in": "Anmelden",
  name: "Benutzername",
  password: "Passwort",
  wrong: "Der Name oder das Passwort ist falsch.",
  ended: "Ihre Sitzung ist zu Ende. Melden Sie sich noch einmal an.",
  welcome: "Willkommen",
  first: "Dieses Gerät hat noch kein Konto. Legen Sie den ersten Administrator an; es gibt kein voreingestelltes Passwort.",
  "name-hint": "1 bis 14 Buchstaben und Ziffern, ohne Umlaute.",
  "new-password": "Neues Passwort",
  "password-hint":
    "Mindestens 8 Zeichen. Ein paar Wörter, die nicht zusammengehören, sind stark und leicht zu merken. Verwenden Sie es nirgends sonst.",
  again: "Passwort wiederholen",
  differs: "Die beiden Passwörter sind verschieden.",
  create: "Administrator anlegen",
  licence:
    "axiod ist freie Software unter der Apache License, Version 2.0, ohne jede Gewährleistung. Nichts über Sie oder dieses Gerät wird an jemanden gesendet.",
  "not-encrypted":
    "Diese Verbindung ist nicht verschlüsselt: andere im Netzwerk können das Passwort mitlesen. Verwenden Sie https://, wo es geht.",
  "strength-weak": "Schwaches Passwort",
  "strength-fair": "Mäßiges Passwort",
  "strength-good": "Gutes Passwort",
  "strength-strong": "Starkes Passwort",
};
