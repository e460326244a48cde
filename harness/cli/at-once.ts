/** Scenarios side by side: most of their time is spent waiting. */
export const AT_ONCE = 4;
