import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';
import { fileNames } from './tools/lint/file-names.mjs';
import { importRules } from './tools/lint/import-rules.mjs';

/** Names that gather what belongs nowhere: a file is called what it holds. */
const BANNED_NAMES = ['common', 'shared', 'util', 'utils', 'helper', 'helpers', 'base', 'manager', 'misc'];

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/dist/', '**/generated/', '.throughline/', '.nx/', 'coverage/'] },
  {
    files: ['**/*.{ts,mts,mjs}'],
    extends: [tseslint.configs.recommended],
    plugins: { 'import-x': importX, throughline: { rules: { 'file-names': fileNames } } },
    settings: {
      // Without these the rules about cycles see no TypeScript file but the one being linted.
      'import-x/extensions': ['.ts', '.mjs'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [
        createTypeScriptImportResolver({ conditionNames: ['@throughline/source', 'types', 'import', 'default'] }),
      ],
    },
    rules: {
      'throughline/file-names': ['error', { banned: BANNED_NAMES }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-relative-packages': 'error',
      'import-x/no-self-import': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      eqeqeq: 'error',
      'no-console': 'off',
    },
  },
  {
    files: [
      '{libs,apps,examples}/*/src/**/*.ts',
      '{bench,chaos,conformance,fuzz,simulation}/src/**/*.ts',
      'test/**/*.ts',
    ],
    languageOptions: { parserOptions: { project: './tsconfig.spec.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  {
    files: ['**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[object.name=/^(describe|test|it)$/][property.name=/^(only|skip|todo)$/]',
          message: 'No test is left out of the run.',
        },
        {
          selector: 'CallExpression[callee.name=/^(fit|fdescribe|xit|xtest|xdescribe)$/]',
          message: 'No test is left out of the run.',
        },
      ],
    },
  },
  {
    // The tools have no dependencies of their own; they run what was built here.
    files: ['tools/**/*.mjs'],
    rules: { 'import-x/no-relative-packages': 'off' },
  },
  ...importRules(),
);
