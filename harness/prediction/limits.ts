/** Zeek's tcp_max_initial_window: more than this with nothing acknowledged, and ACKs are taken to go unseen. */
export const MAX_INITIAL_WINDOW = 16_384;
/** Zeek's tcp_excessive_data_without_further_acks. */
export const MAX_UNACKNOWLEDGED = 10_485_760;
/** RFC 7323 §2.3: a greater shift count is taken as 14. */
export const MOST_WINDOW_SHIFT = 14;
