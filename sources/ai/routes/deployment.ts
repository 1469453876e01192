import type { Capabilities } from '../capabilities.ts';
import type { ModelPricing } from '../prices.ts';
import type { ModelTarget, Provider } from '../provider.ts';

/** A model that can be asked, with all that is known of it. */
export interface Deployment {
  readonly target: ModelTarget;
  readonly provider: Provider;
  /** Whom its provider asks, and how: of another text it is another model, whatever it is called. */
  readonly identity: string;
  readonly capabilities: Capabilities;
  readonly pricing: ModelPricing;
}
