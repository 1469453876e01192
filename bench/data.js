// What the upstream knows. Small and fixed, so that the gateways do the work and the upstream does not.

const range = (count) => Array.from({ length: count }, (_, index) => index);
const PAGE_SIZE = 10;
export const TOKENS_PER_STREAM = 200;

export const products = range(PAGE_SIZE).map((index) => ({
  sku: `sku-${index}`,
  name: `Product number ${index}`,
  description: 'A thing for the house and the garden, made to last for many years.',
  category: 'garden',
  priceCents: 1_000 + index * 250,
  currency: 'EUR',
  tags: ['new', 'garden', 'steel'],
  createdAt: '2026-01-15T09:00:00Z',
}));

export const stocks = products.map(({ sku }, index) => ({ sku, quantity: index * 3, warehouseId: `wh-${index % 3}` }));

export const warehouses = ['Hamburg', 'Lyon', 'Turin'].map((city, index) => ({
  id: `wh-${index}`,
  name: `Warehouse ${index}`,
  city,
}));

export const topReviews = products.map(({ sku }, index) => ({
  sku,
  rating: 3 + (index % 3),
  text: 'Does what it should, and looks good doing it.',
  authorId: `author-${index % 5}`,
}));

export const authors = range(5).map((index) => ({ id: `author-${index}`, name: `Author number ${index}` }));
