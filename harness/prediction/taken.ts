/** What became of a segment that was offered to be taken. */
export const NO = 0;
export const YES = 1;
/** It was taken, and one connection too many lingers: excess() is to be finished. */
export const YES_WITH_EXCESS = 2;
/** It was not looked at, for a connection has lingered long enough: due() is to be finished before. */
export const AFTER_DUE = 3;
