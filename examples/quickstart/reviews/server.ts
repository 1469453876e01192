import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGraphQLError, createPubSub, createSchema, createYoga, filter, pipe } from 'graphql-yoga';
import { type Backend, type BackendOptions, createHttpBackend, quickstartFile } from '../backend.ts';
import { createReviews, type Review } from './reviews.ts';

const MAX_REVIEWS = 10_000;

interface AddReviewInput {
  readonly sku: string;
  readonly author: string;
  readonly rating: number;
  readonly text: string;
}

/** The reviews: a GraphQL service at `/graphql` over reviews in memory. schema.graphql describes it. */
export function createReviewsServer(options: BackendOptions = {}): Backend {
  const reviews = createReviews();
  const added = createPubSub<{ review: [Review] }>();
  let lastId = reviews.length;

  function addReview({ sku, author, rating, text }: AddReviewInput): Review {
    if (rating < 1 || rating > 5) throw invalid('rating goes from 1 to 5.');
    if (text.trim() === '' || text.length > 2000) throw invalid('text has 1 to 2000 characters.');
    if (author.trim() === '' || author.length > 80) throw invalid('author has 1 to 80 characters.');
    lastId += 1;
    const review = { id: `r${lastId}`, sku, author, rating, text, createdAt: new Date().toISOString() };
    reviews.unshift(review);
    reviews.length = Math.min(reviews.length, MAX_REVIEWS);
    added.publish('review', review);
    return review;
  }

  const schema = createSchema({
    typeDefs: readFileSync(quickstartFile('reviews/schema.graphql'), 'utf8'),
    resolvers: {
      Query: {
        reviewsOfProducts: (_: unknown, { skus }: { skus: readonly string[] }) => {
          options.onCall?.('reviewsOfProducts');
          const asked = new Set(skus);
          return reviews.filter((review) => asked.has(review.sku));
        },
        reviews: (_: unknown, { first }: { first?: number | null }) => {
          options.onCall?.('reviews');
          const count = first ?? 10;
          if (count < 0 || count > 100) throw invalid('first goes from 0 to 100.');
          return reviews.slice(0, count);
        },
      },
      Mutation: {
        addReview: (_: unknown, { input }: { input: AddReviewInput }) => {
          options.onCall?.('addReview');
          return addReview(input);
        },
      },
      Subscription: {
        reviewAdded: {
          subscribe: (_: unknown, { sku }: { sku?: string | null }) => {
            options.onCall?.('reviewAdded');
            const wanted = (review: Review) => sku == null || review.sku === sku;
            const events = pipe(added.subscribe('review'), filter(wanted));
            return onReturn(events, () => options.onStreamEnd?.('reviewAdded'));
          },
          resolve: (review: Review) => review,
        },
      },
    },
  });
  const yoga = createYoga({ schema, graphiql: false, landingPage: false, logging: false });
  return createHttpBackend(createServer(yoga));
}

function onReturn<T>(events: AsyncGenerator<T>, told: () => void): AsyncIterableIterator<T> {
  return {
    next: () => events.next(),
    return: () => {
      told();
      return events.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function invalid(message: string): Error {
  return createGraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
