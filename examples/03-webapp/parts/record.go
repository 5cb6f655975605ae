package parts

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
)

// The ConfigMap that stands for a name server's zone. It is in another namespace, so a WebApp cannot own it: the garbage
// collector takes no record of it away.
const (
	ZoneNamespace = "dns"
	ZoneName      = "zone"
)

// Record is a WebApp's part of the zone: one record, or none where host is empty. Applied for RecordOwner it replaces the
// record of before, and collides with that of another WebApp.
func Record(app *v1.WebApp, host string) *corev1ac.ConfigMapApplyConfiguration {
	zone := corev1ac.ConfigMap(ZoneName, ZoneNamespace)
	if host != "" {
		zone.WithData(map[string]string{host: app.Name + "." + app.Namespace + ".svc"})
	}
	return zone
}

// RecordOwner is the field manager of a WebApp's record: one for each WebApp.
func RecordOwner(app *v1.WebApp) string { return "webapp-" + string(app.UID) }
