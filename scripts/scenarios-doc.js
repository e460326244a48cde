/**
 * Writes docs/scenarios.md from the catalogue; expects a build.
 *
 *   node scripts/scenarios-doc.js [--check]
 *
 * With --check it writes nothing, and exits with 1 when the document is not what the catalogue says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { CATALOGUE, CHAPTERS } from '../dist/harness/index.js';

const FILE = new URL('../docs/scenarios.md', import.meta.url);

const ABOUT_CHAPTER = {
  open: 'How connections open',
  close: 'How they close',
  'half-close': 'One direction closed, the other open',
  reset: 'RST, and what brings it about',
  reading: 'Who reads, and who does not',
  time: 'Timers and silence',
  loss: 'What is lost, late or doubled',
  server: 'Servers and their listeners',
  process: 'Processes that end',
  protocol: 'TLS and HTTP on top',
  states: 'States and arrows of RFC 9293, held still',
};

const INTRODUCTION = `# Scenarios

<!-- Written by scripts/scenarios-doc.js from harness/scenario/catalogue/: change it there. -->

\`finwait demo --list\` prints them; \`finwait demo NAME\` runs one, \`finwait demo all\` every one that is not slow.
\`finwait demo NAME --step\` waits for Enter before each step and draws what it brought about.
\`finwait demo NAME --mutant N\` lets a peer or the network misbehave, and shows the mismatch at its place in the ladder.
\`finwait coverage\` proves RFC 9293's states and arrows by them.
`;

const text = `${INTRODUCTION}\n${CHAPTERS.map(chapterText).filter(Boolean).join('\n')}`;
if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== text) {
    console.error('docs/scenarios.md is not what the catalogue says. Type: npm run docs');
    process.exitCode = 1;
  }
} else {
  writeFileSync(FILE, text);
}

function chapterText(chapter) {
  const scenarios = CATALOGUE.filter((scenario) => scenario.chapter === chapter);
  if (scenarios.length === 0) return '';
  const heading = ABOUT_CHAPTER[chapter];
  if (heading === undefined) throw new TypeError(`scripts/scenarios-doc.js has no heading for "${chapter}"`);
  return `## ${heading}\n\n${scenarios.map(scenarioText).join('\n')}`;
}

function scenarioText({ name, title, explanation, slow, setting = {} }) {
  const notes = [
    ...(slow === undefined ? [] : [`slow: ${slow}`]),
    ...(setting.hosts === 2 ? ['on two hosts'] : []),
    ...(setting.time === undefined ? [] : ['with timers of its own']),
  ];
  const remark = notes.length === 0 ? '' : `\n_${notes.join('; ')}_\n`;
  return `### ${name}\n\n**${title}.** ${explanation}\n${remark}`;
}
