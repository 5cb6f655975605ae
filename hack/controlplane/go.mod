module github.com/ancho-dev/ancho/hack/controlplane

go 1.26.0
