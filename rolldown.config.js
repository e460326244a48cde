/**
 * The command line in few files: `finwait analyze` is to be done with a capture in the time that a hundred modules take
 * to load. What the other commands need stays where it is and is loaded when one of them is asked for.
 */
export default {
  input: { finwait: 'dist/harness/cli/main.js' },
  platform: 'node',
  // By their names as they are imported: a resolved path would be this machine's.
  external: ['string-width', /^\.\.?\/(.*\/)?(demo|doctor|index)\.js$/],
  output: {
    dir: 'dist/harness/cli',
    entryFileNames: '[name].js',
    chunkFileNames: 'finwait-[name].js',
    // Comments cost V8 as much as code; names stay for whoever reads a stack.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
};
