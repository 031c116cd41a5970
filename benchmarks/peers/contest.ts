/** One case: all contenders are started, compared, and take turns; each pair becomes a row. */
import type { TargetName } from "retrograd";
import type { Contest, Way } from "./comparisons.ts";
import { Player, type Ready } from "./player.ts";
import { agree, ratioOf, type Spread, spreadOf, turnsOf } from "./ratios.ts";

export interface Side {
  readonly title: string;
  readonly ms: Spread;
  /** What the first step costs beyond a later one; undefined where it was not measured. */
  readonly startMs?: number;
  /** Milliseconds of a step in each round. */
  readonly rounds: readonly number[];
}

export interface Row {
  readonly case: string;
  readonly target: TargetName;
  readonly ratio: Spread;
  readonly ours: Side;
  readonly theirs: Side;
  /** Whether the losses or outputs are the same, or why they were not compared. */
  readonly same: boolean | string;
}

/** A comparison that could not be made, and why. */
export interface Absent {
  readonly case: string;
  readonly title: string;
  readonly reason: string;
}

export interface Found {
  readonly rows: readonly Row[];
  readonly absent: readonly Absent[];
}

export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
}

interface Playing {
  readonly who: Way | TargetName;
  readonly player: Player;
  readonly ready: Ready;
  readonly rounds: number[];
}

const titleOf = (who: Way | TargetName) => (typeof who === "string" ? who : who.title);

/**
 * Hold a contest. Who cannot start, or ends before its last turn, is left out with its last words.
 * @param say  hears what is going on
 */
export async function hold(
  contest: Contest,
  { rounds, seconds }: Effort,
  say: (line: string) => void,
): Promise<Found> {
  const targets = [...new Set(contest.against.flatMap(([, own]) => own))];
  let playing: Playing[] = [];
  const absent: Absent[] = [];
  const leave = (who: Way | TargetName, error: unknown) => {
    absent.push({ case: contest.case, title: titleOf(who), reason: (error as Error).message });
    playing.find((p) => p.who === who)?.player.stop();
    playing = playing.filter((p) => p.who !== who);
  };
  for (const who of [...targets, ...contest.against.map(([way]) => way)]) {
    say(`${contest.case}: ${titleOf(who)}`);
    try {
      playing.push({ who, ...(await Player.start(contest.case, who)), rounds: [] });
    } catch (error) {
      leave(who, error);
    }
  }
  for (let round = 0; round < rounds; round++) {
    say(`${contest.case}: round ${round + 1} of ${rounds}`);
    const order = turnsOf(playing.length, round).map((i) => playing[i]);
    for (const { who, player, rounds: times } of order)
      await player.turn(seconds).then(
        (ms) => times.push(ms),
        (error) => leave(who, error),
      );
  }
  for (const { player } of playing) player.stop();
  return { rows: rowsOf(contest, playing), absent };
}

function rowsOf(contest: Contest, playing: readonly Playing[]): Row[] {
  const find = (who: Way | TargetName) => playing.find((p) => p.who === who);
  return contest.against.flatMap(([way, targets]) =>
    targets.flatMap((target) => {
      const [ours, theirs] = [find(target), find(way)];
      if (!ours || !theirs) return [];
      return {
        case: contest.case,
        target,
        ratio: ratioOf(ours.rounds, theirs.rounds),
        ours: sideOf(ours),
        theirs: sideOf(theirs),
        same: way.remark ?? agree(ours.ready.check, theirs.ready.check),
      };
    }),
  );
}

const sideOf = ({ who, ready, rounds }: Playing): Side => ({
  title: typeof who === "string" ? who : `${who.title} (${ready.version})`,
  ms: spreadOf(rounds),
  startMs: ready.startMs,
  rounds,
});
