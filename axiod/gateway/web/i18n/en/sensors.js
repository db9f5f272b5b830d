export default {
  title: "Sensors",
};
