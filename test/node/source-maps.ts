import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { callSiteText } from '../../harness/model/call-site-text.ts';
import { OriginalPositions } from '../../harness/node/source-maps.ts';
import { builtFile } from '../support/child-program.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

test('a position in built code is told as it was written', (t) => {
  const file = pathToFileURL(builtFile('harness/model/endpoint.js')).href;
  const shown = new OriginalPositions().of({ file, line: 3, column: 5 });
  t.regex(shown.file, /harness\/model\/endpoint\.ts$/);
});

test('a map in the file itself is read', (t) => {
  using folder = new TemporaryFolder();
  const map = { version: 3, sources: ['lib/own.ts'], names: [], mappings: 'AAUA' };
  const comment = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  const file = join(folder.path, 'own.js');
  writeFileSync(file, `f();\n${comment}\n`);
  t.like(new OriginalPositions().of({ file, line: 1, column: 1 }), {
    file: join(folder.path, 'lib/own.ts'),
    line: 11,
    column: 1,
  });
});

test('without a map, or a file, or with a broken map the position stays', (t) => {
  using folder = new TemporaryFolder();
  const positions = new OriginalPositions();
  const plain = join(folder.path, 'plain.js');
  const broken = join(folder.path, 'broken.js');
  writeFileSync(plain, 'f();\n');
  writeFileSync(broken, '//# sourceMappingURL=gone.map\n');
  for (const file of [plain, broken, join(folder.path, 'gone.js'), 'node:net']) {
    t.deepEqual(positions.of({ file, line: 1, column: 1 }), { file, line: 1, column: 1 });
  }
});

test('a call site is told by the program’s line, and by the package that stands before it', (t) => {
  const user = { file: '/home/me/app/lib/pool.js', line: 88, column: 12 };
  const dependency = {
    file: '/home/me/app/node_modules/undici/lib/x.js',
    line: 1,
    column: 1,
    package: 'undici',
  };
  t.is(callSiteText({ user }), 'lib/pool.js:88:12');
  t.is(callSiteText({ user, dependency }), 'undici, on behalf of lib/pool.js:88:12');
  t.is(callSiteText({ dependency }), 'undici');
  t.is(callSiteText({}), undefined);
});
