// The sections of the page: the menu, and what is loaded for each. A section appears when a service that it is for exists,
// and has a line here as soon as it has a view.
export const SECTIONS = [
  { id: "status", icon: "status", load: () => import("./views/status/index.js") },
  { id: "io", icon: "io", services: ["io", "relays"], load: () => import("./views/io/index.js") },
  { id: "sensors", icon: "sensors", services: ["sensors"], load: () => import("./views/sensors/index.js") },
  { id: "events", icon: "events", services: ["events"], load: () => import("./views/events/index.js") },
  { id: "system", icon: "system", services: ["system"], load: () => import("./views/system/index.js") },
];
