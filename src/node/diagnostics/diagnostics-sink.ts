// Takes the lines of the logger to stderr. The rule: a node does its work whatever becomes of what
// it says. A disk that is full, a reader that has gone or one that does not read may cost lines,
// never the process, its time or its memory.

/** What is asked of stderr. Nobody need listen to it: who runs the process hears its errors. */
export interface TextSink {
  /** Characters that were given to it and wait for a reader. */
  readonly writableLength: number;
  write(text: string): unknown;
}

/** What may wait for a reader who does not read: some thousand lines. */
const WAITING_MAX = 1 << 20;

export class DiagnosticsSink {
  private readonly sink: () => TextSink;
  private lost = 0;

  /** `sink` is asked for with the first line: loading the stream takes time. */
  constructor(sink: () => TextSink = () => process.stderr) {
    this.sink = sink;
  }

  /** A file or a terminal has the line when this returns, and so has a pipe with room for it: the
   * last ones before a crash are not lost. */
  write(line: string): void {
    const sink = this.sink();
    if (sink.writableLength + line.length > WAITING_MAX) {
      this.lost += 1;
      return;
    }
    if (this.lost > 0) {
      sink.write(`${JSON.stringify({ level: 'warn', lost: this.lost, msg: LOST })}\n`);
      this.lost = 0;
    }
    sink.write(line);
  }
}

const LOST = 'nobody read this output: so many lines of it are lost';
