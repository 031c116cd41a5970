/** Times as people and as machines read them: dates, or the numbers of rows. */
import { formatTime } from "retrograd/data";
import type { Future } from "retrograd/tasks";

/** 2016-09-01, 2016-09-01 12:00, 300. */
export const timeText = (time: number, isDate: boolean): string =>
  isDate ? formatTime(time) : String(Number(time.toPrecision(12)));

/** A forecast as JSON: its dates in ISO 8601 (UTC where they have a clock). */
export const futureJson = (future: Future, isDate: boolean) => ({
  ...future,
  times: future.times.map((time) => {
    const text = timeText(time, isDate);
    return !isDate ? Number(text) : text.includes(" ") ? `${text.replace(" ", "T")}Z` : text;
  }),
});
