/** Test suites of packages that live on sockets, with and without the observer. */
import test from 'ava';
import { readRunDirectory } from '../../harness/node/record-reader.ts';
import { allFiles, PACKAGE_SUITES, runSuite } from '../support/package-suites.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const everything = process.env['FINWAIT_SUITES'] === 'all';

for (const suite of PACKAGE_SUITES) {
  test(`the tests of ${suite.name} have the same results`, async (t) => {
    using folder = new TemporaryFolder();
    const files = everything ? allFiles(suite) : suite.quick;
    const plain = await runSuite(suite, files);
    const watched = await runSuite(suite, files, folder.path);
    t.true(plain.results.filter((result) => result.startsWith('ok')).length > 0, plain.output);
    t.deepEqual(watched.results, plain.results, watched.output);
    t.is(watched.exitCode, plain.exitCode);
    const records = await readRunDirectory(folder.path);
    t.true(records.some(({ events }) => events.some(({ name }) => name === 'finwait:socket:close')));
    t.log(`${plain.results.length} results, ${records.length} threads observed`);
  });
}
