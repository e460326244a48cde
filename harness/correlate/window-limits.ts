/** No window admits more. Source: RFC 7323 §2.3. */
export const GREATEST_WINDOW: number = 2 ** 30;
