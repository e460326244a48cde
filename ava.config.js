export default {
  files: ['test/**/*.ts', '!test/support/**', 'examples/**/*.test.js'],
  typescript: { rewritePaths: { 'test/': 'dist/test/' }, compile: false },
  require: ['./dist/test/support/properties.js'],
  concurrency: 2,
  timeout: '60s',
  nodeArguments: ['--enable-source-maps'],
};
