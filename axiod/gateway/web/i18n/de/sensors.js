export default {
  title: "Sensoren",
};
