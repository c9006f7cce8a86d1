// Khalti and Stripe.
export function openThePage({ intent }) {
  location.assign(intent.payment_url);
}
