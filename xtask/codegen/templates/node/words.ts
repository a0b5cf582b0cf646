// {{ made }}
{%- for list in lists %}

{{ list.docs }}
export type {{ list.name }} =
{%- for word in list.words %}
  {{ word.docs }}
  | '{{ word.name }}'{% if loop.last %};{% endif %}
{%- endfor %}
{%- endfor %}
