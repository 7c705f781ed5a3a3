export { caughtUp } from './caught-up.ts';
export { listen } from './listen.ts';
export { progressLine } from './progress-line.ts';
export { watchProgress } from './watch-progress.ts';
