// Stands in for react-devtools-core, which Ink names and the published program never loads.

export default {};
