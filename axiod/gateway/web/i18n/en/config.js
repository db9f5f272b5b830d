// Plain configuration. The descriptions of settings come from the contract, as they are.
export default {
  title: "Plain configuration",
  warning:
    "Every setting of the device, by the names of its interfaces. This is for those who know them: what other pages ask before, or do besides, is not done here.",
  setting: "Setting",
  value: "Value",
  about: "Meaning",
  edit: "Edit {name}",
  json: "A list in JSON.",
  "no-json": "This is not JSON.",
};
