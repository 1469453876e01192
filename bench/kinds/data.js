export const item = { id: 'i-1', name: 'Lamp', priceCents: 4900, tags: ['light', 'indoor'] };

const skus = Array.from({ length: 10 }, (_, index) => `sku-${index}`);
export const products = skus.map((sku, index) => ({ sku, name: `Product ${index}`, priceCents: 100 + index }));
export const reviews = skus.map((_, index) => ({ topReview: { rating: 1 + (index % 5), text: `Review ${index}` } }));
