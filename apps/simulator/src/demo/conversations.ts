/** One turn of a scripted conversation. */
export interface Line {
  readonly from: 'customer' | 'engineer';
  readonly text: string;
  /** File name of an attachment. */
  readonly attachment?: string;
}

export interface Conversation {
  readonly caseId: string;
  readonly customer: string;
  readonly engineer: string;
  readonly lines: readonly Line[];
}

const customer = (text: string, attachment?: string): Line => ({ from: 'customer', text, attachment });
const engineer = (text: string, attachment?: string): Line => ({ from: 'engineer', text, attachment });

/** What customers write to the support of a cloud, and what engineers answer. */
export const CONVERSATIONS: readonly Conversation[] = [
  {
    caseId: 'demo-1',
    customer: 'Marta Oliveira',
    engineer: 'Chen Wei',
    lines: [
      customer('Hello, our ECS instance web-02 in eu-west-101 stopped answering on port 443 about ten minutes ago.'),
      engineer('Good morning Marta, I am looking into it. Is the instance shown as Running in the console?'),
      customer('Yes, Running, and the CPU is at 3 %. SSH works from inside the VPC, but nothing from outside.'),
      engineer('Thank you. The elastic IP is bound. Was a security group or a network ACL changed this morning?'),
      customer('A colleague tidied up the rules. Here is what the group looks like now.', 'sg-web-inbound.png'),
      engineer('The inbound rule for TCP 443 from 0.0.0.0/0 is gone; only 80 and 22 are left.'),
      customer('That explains it. I have put it back.'),
      engineer('I can reach https on the elastic IP again from here. Does it work for you?'),
      customer('It does, thank you! How can I see who removed it?'),
      engineer('Cloud Trace Service keeps it: filter by deleteSecurityGroupRule, the operator is in the trace.'),
      customer('Found it. The ticket can be closed.'),
    ],
  },
  {
    caseId: 'demo-2',
    customer: 'Jonas Weber',
    engineer: 'Aisha Rahman',
    lines: [
      customer('The data disk of our database server was enlarged to 500 GB, but df still says 200 GB.'),
      engineer('Hello Jonas, the volume has grown; partition and file system have to follow. Which system is it?'),
      customer('Ubuntu 22.04, ext4 on /dev/vdb1, mounted at /var/lib/mysql.'),
      engineer('Please take a snapshot first, then send me the output of lsblk.'),
      customer('Snapshot is done, lsblk attached.', 'lsblk.txt'),
      engineer('As expected: vdb has 500G, vdb1 200G. Run growpart /dev/vdb 1, then resize2fs /dev/vdb1.'),
      customer('Does it have to be unmounted? It is in production.'),
      engineer('No, ext4 grows while mounted. It takes a few seconds.'),
      customer('Done: 492G, and MySQL did not notice. Great.'),
      engineer('Good to hear. I suggest an alarm in Cloud Eye at 80 % disk usage, shall I send you the steps?'),
      customer('Yes please.'),
      engineer('Here they are.', 'disk-usage-alarm.pdf'),
    ],
  },
  {
    caseId: 'demo-3',
    customer: 'Priya Nair',
    engineer: 'Lukas Brandt',
    lines: [
      customer('Since last night our load balancer answers 502 for about one request in fifty.', 'access.log.gz'),
      engineer('Hi Priya, I see the listener. Do the 502s come from all backend servers or from one?'),
      customer('From all four, evenly. Our application logs show no error at those moments.'),
      engineer('That smells of idle connections. What is the keep-alive timeout of your backend?'),
      customer('5 seconds, the default of our framework.'),
      engineer(
        'The load balancer keeps backend connections for 60 s, so it may reuse one that your server just closed.',
      ),
      customer('So ours must be the longer one?'),
      engineer('Exactly: set it to 65 seconds or more on every backend.'),
      customer('Rolled out on two of four; the 502s are down to half.'),
      customer('All four now. Not one 502 in fifteen minutes.'),
      engineer('Perfect. I leave the ticket open until tomorrow, in case it comes back.'),
    ],
  },
];
