const MAJOR = 20;
const MINOR = 19;

/** The sentence for the user when this Node is too old, else undefined. */
export function nodeVersionProblem(version) {
  const parts = version.split('.').map(Number);
  if (parts[0] > MAJOR || (parts[0] === MAJOR && parts[1] >= MINOR)) return undefined;
  return (
    'Throughline needs Node ' +
    MAJOR +
    '.' +
    MINOR +
    ' or newer; this is ' +
    version +
    '.\n' +
    'Install a newer one from https://nodejs.org (or "nvm install" in this folder) and try again.'
  );
}
