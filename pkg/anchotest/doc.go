// Package anchotest is the kit to test capabilities with: it runs them on Ancho's own runtime, against an API server in
// memory, in virtual time.
//
//	func TestGreeting(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			c := anchotest.Run(t, hello.Capability)
//			c.Create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "greeting"}})
//			c.Settle()
//			if calls := c.Calls("hello/configmaps"); len(calls) != 1 {
//				t.Errorf("%d calls", len(calls))
//			}
//		})
//	}
//
// A test runs inside a bubble of testing/synctest, where time passes only when nobody has anything to do: a Reconcile
// that asks to be called again in an hour is, after time.Sleep(time.Hour), which takes microseconds. Nothing is mocked but
// the server: streams, queues, retries and the shutdown are those of the program. What the server leaves out
// is said in package fake.
//
// Callbacks run on goroutines of their own: what they share with the test has to be a channel, an atomic value, or behind
// a lock.
package anchotest
