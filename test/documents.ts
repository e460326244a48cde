import { existsSync, readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { execa } from 'execa';
import { parseSegments } from '../harness/index.ts';

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

test('every text of segments in docs/segments-text.md is read', (t) => {
  const blocks = readFileSync('docs/segments-text.md', 'utf8')
    .split(/^```.*\n/m)
    .filter((_part, index) => index % 2 === 1);
  const texts = blocks.filter((block) => /^(client|server|\.{3})/.test(block));
  t.is(texts.length, 3);
  for (const text of texts) t.notThrows(() => parseSegments(text), text);
});

test('docs/verdicts.md names every builder of an expectation', (t) => {
  const text = readFileSync('docs/verdicts.md', 'utf8');
  const builders = [
    'expectation',
    'segment-expectations',
    'flow-expectations',
    'program-expectations',
  ].flatMap((name) => {
    const source = readFileSync(`harness/expect/${name}.ts`, 'utf8');
    return [...source.matchAll(/^export function (\w+)\(/gm)].map(([, builder = '']) => builder);
  });
  t.true(builders.length >= 20);
  for (const builder of builders) t.true(text.includes(`\`${builder}(`), builder);
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
