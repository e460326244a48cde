/**
 * What a field that is to hold doubles holds at first. V8 represents a field by what it has seen in it: one that
 * begins with an integer changes its objects' shape at the first fraction (or beyond 31 bits: after two seconds of
 * nanoseconds), and all the code that was compiled for them is thrown away in mid-capture.
 * Bench: `npm run bench -- analyze`, "cost per packet".
 */
export const DOUBLE: number = Number.NaN;
