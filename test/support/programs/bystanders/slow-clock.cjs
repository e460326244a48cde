// Preloaded before the observer: a clock on which everything happens within a millisecond.
const now = performance.now.bind(performance);
performance.now = () => now() / 1e6;
