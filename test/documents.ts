import { existsSync, readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { execa } from 'execa';

test('README shows the example as it is in examples/', (t) => {
  const readme = readFileSync('README.md', 'utf8');
  t.true(readme.includes(readFileSync('examples/ava/half-close.test.js', 'utf8').trim()));
});

test('docs/scenarios.md is what the catalogue says', async (t) => {
  const { exitCode, stderr } = await execa('node', ['scripts/scenarios-doc.js', '--check'], {
    reject: false,
  });
  t.is(exitCode, 0, stderr);
});

test('every link between our documents leads to a file', (t) => {
  const folders = { '.': '', docs: 'docs/', 'docs/decisions': 'docs/decisions/' };
  for (const [folder, prefix] of Object.entries(folders)) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.md'))) {
      const text = readFileSync(`${prefix}${file}`, 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        t.true(existsSync(`${prefix}${target}`), `${prefix}${file} links to ${target}`);
      }
    }
  }
});
