/** What is answered in place of where an event's JSON ends. By itself, for those who ask for it to be written and load no queue. */

/** It can only be decoded: it has in it what the writer does not know, or its bytes are those of no event. */
export const NOT_WRITTEN = -1;
