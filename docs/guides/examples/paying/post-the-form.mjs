// eSewa takes the payment as a form.
export function postTheForm({ intent }) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: intent.form.action });
  for (const [name, value] of Object.entries(intent.form.fields)) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}
