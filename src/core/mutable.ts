// Objects that travel often are built in one literal, or by assigning their optional fields one
// after the other, and never by spreading one into another: V8 gives each literal with something
// behind a spread a shape of its own, again and again, and every later look at such an object
// searches for it. In the simulator that took a fifth of all time.

/** An object while it is being built. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
