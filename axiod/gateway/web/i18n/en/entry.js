export default {
  "log-in": "Log in",
  name: "User name",
  password: "Password",
  wrong: "The name or the password is wrong.",
  ended: "Your session has ended. Log in again.",
  welcome: "Welcome",
  first: "This device has no account yet. Create the first administrator; there is no default password.",
  "name-hint": "1 to 14 letters and digits, without accents.",
  "new-password": "New password",
  "password-hint":
    "At least 8 characters. A few words that do not belong together are strong and easy to remember. Use it nowhere else.",
  again: "Repeat the password",
  differs: "The two passwords differ.",
  create: "Create administrator",
  licence:
    "axiod is free software under the Apache License, Version 2.0, and comes without warranty of any kind. Nothing about you or this device is sent to anybody.",
  "not-encrypted": "This connection is not encrypted: others on the network may read the password. Use https:// where you can.",
  "strength-weak": "Weak password",
  "strength-fair": "Fair password",
  "strength-good": "Good password",
  "strength-strong": "Strong password",
};
