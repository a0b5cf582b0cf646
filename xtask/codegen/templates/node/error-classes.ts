// {{ made }}
import { LeaseholdError } from './leasehold-error.js';
{%- for word in words %}

{{ word.class_docs }}
export class {{ word.class }}Error extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('{{ word.name }}', message, options);
  }
}
{%- endfor %}
