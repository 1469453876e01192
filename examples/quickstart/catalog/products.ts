/** The products the shop begins with. */

export const CATEGORIES = ['tools', 'garden', 'kitchen', 'lighting', 'outdoor'] as const;

export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  readonly category: (typeof CATEGORIES)[number];
  readonly priceCents: number;
  readonly currency: string;
  readonly tags: readonly string[];
  readonly createdAt: string;
}

export const PRODUCTS: readonly Product[] = [
  {
    sku: 'lamp-01',
    name: 'Copper Desk Lamp',
    description: 'A dimmable desk lamp with a copper shade and a weighted foot. The arm stays where you put it.',
    category: 'lighting',
    priceCents: 6900,
    currency: 'EUR',
    tags: ['led', 'dimmable', 'office'],
    createdAt: '2024-02-12T09:00:00Z',
  },
  {
    sku: 'lamp-02',
    name: 'Storm Lantern',
    description: 'A rechargeable lantern that shrugs off rain and wind. Forty hours of light on its lowest setting.',
    category: 'lighting',
    priceCents: 4450,
    currency: 'EUR',
    tags: ['led', 'rechargeable', 'waterproof'],
    createdAt: '2024-05-03T09:00:00Z',
  },
  {
    sku: 'drill-01',
    name: 'Cordless Drill 18 V',
    description: 'A compact drill driver with two batteries, a charger and a case. Good for wood, metal and plaster.',
    category: 'tools',
    priceCents: 12900,
    currency: 'EUR',
    tags: ['cordless', '18v', 'drill'],
    createdAt: '2023-11-20T09:00:00Z',
  },
  {
    sku: 'saw-01',
    name: 'Pull Saw',
    description: 'A thin-bladed saw that cuts on the pull, for joints that fit at the first try.',
    category: 'tools',
    priceCents: 3890,
    currency: 'EUR',
    tags: ['hand tool', 'joinery'],
    createdAt: '2024-01-08T09:00:00Z',
  },
  {
    sku: 'hammer-01',
    name: 'Claw Hammer 450 g',
    description: 'A forged steel hammer with an ash handle. It will outlive the nails.',
    category: 'tools',
    priceCents: 2490,
    currency: 'EUR',
    tags: ['hand tool', 'steel', 'ash'],
    createdAt: '2023-09-14T09:00:00Z',
  },
  {
    sku: 'spade-01',
    name: 'Border Spade',
    description: 'A light spade with a stainless blade, made for beds that are already full.',
    category: 'garden',
    priceCents: 4200,
    currency: 'EUR',
    tags: ['digging', 'stainless'],
    createdAt: '2024-03-01T09:00:00Z',
  },
  {
    sku: 'hose-01',
    name: 'Garden Hose 25 m',
    description: 'A hose that does not kink, with brass fittings at both ends.',
    category: 'garden',
    priceCents: 5490,
    currency: 'EUR',
    tags: ['watering', 'brass'],
    createdAt: '2024-03-01T09:00:00Z',
  },
  {
    sku: 'shears-01',
    name: 'Pruning Shears',
    description: 'Bypass shears for branches up to 20 mm. Every part can be replaced.',
    category: 'garden',
    priceCents: 3350,
    currency: 'EUR',
    tags: ['pruning', 'hand tool'],
    createdAt: '2024-03-15T09:00:00Z',
  },
  {
    sku: 'pan-01',
    name: 'Cast-Iron Pan 28 cm',
    description: 'A seasoned cast-iron pan for the stove, the oven and the open fire.',
    category: 'kitchen',
    priceCents: 5900,
    currency: 'EUR',
    tags: ['cast iron', 'oven', 'campfire'],
    createdAt: '2023-10-02T09:00:00Z',
  },
  {
    sku: 'kettle-01',
    name: 'Enamel Kettle',
    description: 'A two-litre kettle in speckled enamel. It whistles, though not in tune.',
    category: 'kitchen',
    priceCents: 3600,
    currency: 'EUR',
    tags: ['enamel', 'tea'],
    createdAt: '2024-04-22T09:00:00Z',
  },
  {
    sku: 'tent-01',
    name: 'Two-Person Ridge Tent',
    description: 'A tent of 2.1 kg that one person can pitch in the dark. Three seasons, two doors.',
    category: 'outdoor',
    priceCents: 28900,
    currency: 'EUR',
    tags: ['camping', 'lightweight'],
    createdAt: '2024-04-02T09:00:00Z',
  },
  {
    sku: 'stove-01',
    name: 'Folding Gas Stove',
    description: 'A stove that folds to the size of a fist and boils a litre in four minutes.',
    category: 'outdoor',
    priceCents: 4700,
    currency: 'EUR',
    tags: ['camping', 'gas'],
    createdAt: '2024-05-20T09:00:00Z',
  },
];
