"""What is true of Hedgehog fabrics whoever asks: facts for the checks of ours and for the servers of the tests.

Pure and small; imports nothing of hhsync. Facts are of githedgehog/fabric v0.126.
"""
