"""The pure core: values in, values out. No client, no Pulumi, no file, no clock; the import check proves it."""
