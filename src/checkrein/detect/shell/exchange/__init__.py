"""What crosses a border: the network, other machines, archives, patches."""
