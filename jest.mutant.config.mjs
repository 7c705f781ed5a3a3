// The pure specs over sources one of which has a planted fault, which THROUGHLINE_MUTANT holds as JSON: see docs/simulation.md.
import { fileURLToPath } from 'node:url';
import jest from './jest.config.mjs';

const mutant = JSON.parse(process.env.THROUGHLINE_MUTANT);
const rootDir = fileURLToPath(new URL('.', import.meta.url));
const source = mutant.file.replace('/dist/', '/src/').replace(/\.js$/, '\\.ts');
const pure = jest.projects.find(({ displayName }) => displayName === 'pure');

export default {
  ...jest,
  rootDir,
  projects: [
    {
      ...pure,
      rootDir,
      // The first that fits counts.
      transform: { [`/${source}$`]: ['<rootDir>/simulation/dist/mutant-transform.js', mutant], ...pure.transform },
    },
  ],
};
