// What the page itself says of problems; what the device says of them comes as it is.
export default {
  unreachable: "The device does not answer. Check the network.",
  timeout: "The device did not answer in time. It is not known whether it was done.",
};
