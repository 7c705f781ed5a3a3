// Three kinds of specs by name: `x.spec.ts` needs nothing, `x.int.spec.ts` real servers, `x.e2e.spec.ts` the whole system.
// Everything runs as native ES modules, compiled by swc; workspace packages resolve to their TypeScript sources.
const project = (displayName, testMatch, testPathIgnorePatterns = []) => ({
  displayName,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...testPathIgnorePatterns],
  modulePathIgnorePatterns: ['<rootDir>/((libs|apps|examples)/[^/]+|bench|chaos|conformance|fuzz|simulation)/dist/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['@throughline/source', 'node', 'node-addons'] },
});

export default {
  // A slow machine is no failure; a spec that hangs still ends.
  testTimeout: 60_000,
  projects: [
    project(
      'pure',
      ['<rootDir>/{libs,apps,examples,chaos,conformance,fuzz,simulation,tools,test}/**/*.spec.ts'],
      ['\\.int\\.spec\\.ts$', '\\.e2e\\.spec\\.ts$'],
    ),
    project('servers', ['<rootDir>/{libs,apps,examples,chaos,conformance,test}/**/*.int.spec.ts']),
    project('system', ['<rootDir>/test/**/*.e2e.spec.ts']),
  ],
};
