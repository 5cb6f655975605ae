// Package surface holds the list of what Ancho exports, so that review sees each name that comes or goes.
package surface
