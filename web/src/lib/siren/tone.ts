/** A two-tone signal. Browsers let a page sound only after somebody clicked on it. */
export class Tone {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  /** Called from a click: from now on it may sound. */
  allow(): void {
    this.#context ??= new AudioContext();
    void this.#context.resume();
    this.#beep(660, 0);
  }

  start(): void {
    if (this.#timer !== null || this.#context === null) return;
    const both = (): void => {
      this.#beep(880, 0);
      this.#beep(660, 0.45);
    };
    both();
    this.#timer = setInterval(both, 1_500);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #beep(hertz: number, inSeconds: number): void {
    const context = this.#context;
    if (context === null) return;
    const [oscillator, volume] = [context.createOscillator(), context.createGain()];
    const at = context.currentTime + inSeconds;
    oscillator.frequency.value = hertz;
    volume.gain.setValueAtTime(0.4, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.4);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + 0.4);
  }
}
