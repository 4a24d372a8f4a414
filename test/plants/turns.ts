// In a copy of the sources that has many plants (changing-copy.ts): whose turn it is. Every module
// that has plants follows.

type Follow = (plant: number | null) => void;

const followers: Follow[] = [];

/** The modules do so when they are loaded. */
export function follow(follower: Follow): void {
  followers.push(follower);
}

/** From now on the sources are those with the plant of this number; null: as they are. */
export function turnTo(plant: number | null): void {
  for (const follower of followers) follower(plant);
}
