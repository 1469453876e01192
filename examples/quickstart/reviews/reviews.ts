export interface Review {
  readonly id: string;
  readonly sku: string;
  readonly author: string;
  readonly rating: number;
  readonly text: string;
  readonly createdAt: string;
}

type Written = readonly [day: string, sku: string, author: string, rating: number, text: string];

/** Newest first. Two products have none. */
const WRITTEN: readonly Written[] = [
  ['2024-06-11', 'lamp-01', 'Ines', 5, 'Warm light and a lovely shade. It dims low enough for reading at night.'],
  ['2024-06-10', 'tent-01', 'Olek', 5, 'Pitched it alone, in rain, in ten minutes. Excellent.'],
  ['2024-06-09', 'hose-01', 'Marta', 2, 'It kinks after all. The brass fittings are good, the hose is not.'],
  ['2024-06-08', 'lamp-02', 'Jonas', 4, 'Bright and sturdy. Charging takes a whole night.'],
  ['2024-06-06', 'drill-01', 'Priya', 5, 'Light, strong and quiet. The second battery makes all the difference.'],
  ['2024-06-05', 'pan-01', 'Luc', 4, 'Great heat, great crust, and great weight. Use both hands.'],
  ['2024-06-03', 'lamp-01', 'Tomasz', 4, 'Solid and well made. The cable could be longer.'],
  ['2024-06-02', 'shears-01', 'Hanneke', 5, 'Clean cuts, and I could order a new spring. Love them.'],
  ['2024-05-30', 'kettle-01', 'Aoife', 3, 'Pretty, but the handle gets hot.'],
  ['2024-05-28', 'saw-01', 'Kenji', 5, 'The best saw I have had for dovetails.'],
  ['2024-05-27', 'tent-01', 'Freya', 3, 'Light and quick to pitch, but condensation is a problem on cold nights.'],
  ['2024-05-25', 'drill-01', 'Sam', 4, 'Good torque for its size. The case is flimsy.'],
  ['2024-05-22', 'spade-01', 'Greta', 5, 'Finally a spade that fits between the roses. Perfect.'],
  ['2024-05-20', 'lamp-01', 'Noor', 2, 'Arrived with a dent in the shade, and the replacement took three weeks.'],
  ['2024-05-18', 'hose-01', 'Paul', 1, 'Leaked on the first day. Disappointing.'],
  ['2024-05-16', 'lamp-02', 'Sofia', 5, 'A whole week in the mountains on one charge. Excellent light.'],
  ['2024-05-14', 'pan-01', 'Erik', 5, 'Better every month. Eggs slide right off.'],
  ['2024-05-12', 'tent-01', 'Dario', 4, 'Two doors are a marriage saver. The pegs bend easily.'],
  ['2024-05-09', 'shears-01', 'Bram', 4, 'Sharp and comfortable. A little large for small hands.'],
  ['2024-05-05', 'kettle-01', 'Yusuf', 4, 'Boils fast and whistles like a goose. We love it.'],
  ['2024-05-01', 'spade-01', 'Claire', 3, 'Nice blade. The shaft is too short for me.'],
  ['2024-04-27', 'lamp-01', 'Wei', 5, 'The arm really stays where I put it.'],
  ['2024-04-20', 'drill-01', 'Ruth', 5, 'Put up a whole kitchen with it. Reliable.'],
  ['2024-04-11', 'saw-01', 'Anton', 4, 'Very thin cut. Mind the blade, it bends if you push.'],
  ['2024-04-02', 'hose-01', 'Elena', 4, 'Long enough for the whole garden, and easy to roll up.'],
  ['2024-03-19', 'pan-01', 'Maeve', 2, 'It came badly seasoned and rusted within a week.'],
];

/** The reviews the shop begins with, newest first. */
export function createReviews(): Review[] {
  return WRITTEN.map(([day, sku, author, rating, text], index) => ({
    id: `r${WRITTEN.length - index}`,
    sku,
    author,
    rating,
    text,
    createdAt: `${day}T12:00:00Z`,
  }));
}
