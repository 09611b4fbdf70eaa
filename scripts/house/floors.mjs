// The floors of src/, lowest first: a file imports from its own room or from a lower floor, types included. Rooms side by
// side on one floor do not import each other.

export const floors = [
  ["errors"],
  ["labels"],
  ["files"],
  ["device"],
  ["kernels"],
  ["tensor"],
  ["operators"],
  ["runtime"],
  ["functions", "profiling", "tuning"],
  ["autograd"],
  ["nn", "optim"],
  ["statistics"],
  ["metrics"],
  ["interchange"],
  ["data"],
  ["pictures"],
  ["training"],
  ["assemble", "tabular", "text"],
  ["runs"],
  ["studies"],
  ["report"],
  ["export"],
  ["cli"],
];
