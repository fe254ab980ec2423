"""The pure core: values in, values out. What a CR is, when two values are the same, what drift is, what a sync does.

Imports itself and hedgehog alone. No client, no Pulumi, no file, no clock, no thread; the import check proves it.
"""
