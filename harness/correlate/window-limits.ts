/** RFC 7323 §2.3: a greater shift count is taken as 14. */
export const MOST_WINDOW_SHIFT = 14;
/** No window admits more, by the same section. */
export const GREATEST_WINDOW: number = 2 ** 30;
